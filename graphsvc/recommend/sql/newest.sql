-- purpose: the time of the newest event that is not in the future, microseconds since 1970, 0 without events
-- reads: current_events, $now
SELECT coalesce(max(epoch_us(time)), 0) FROM current_events WHERE epoch_us(time) <= $now
