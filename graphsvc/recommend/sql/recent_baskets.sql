-- purpose: the lines of baskets that may still grow
-- reads: current_events, behaviour_items, $recent (microseconds since 1970)
SELECT DISTINCT e.basket, i.item
FROM current_events AS e JOIN behaviour_items AS i ON e.product_id = i.product_id
WHERE e.kind = 'buy' AND e.basket IS NOT NULL AND epoch_us(e.time) >= $recent
ORDER BY e.basket, i.item
