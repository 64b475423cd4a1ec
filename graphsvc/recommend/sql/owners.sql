-- purpose: whose histories there are: shoppers, sessions nobody logged in to, and lately those that somebody did ("+")
-- reads: current_events, $recent (microseconds since 1970)
SELECT row_number() OVER (ORDER BY name) - 1 AS owner, name FROM (
    SELECT DISTINCT name FROM (
        SELECT CASE WHEN shopper IS NOT NULL THEN 'shopper:' || shopper ELSE 'session:' || session END AS name
        FROM current_events WHERE shopper IS NOT NULL OR session IS NOT NULL
        UNION ALL
        SELECT '+session:' || session FROM current_events
        WHERE shopper IS NOT NULL AND session IS NOT NULL AND epoch_us(time) >= $recent
    )
)
ORDER BY name
