-- purpose: every event with a known product as numbers, each owner's in order of time; owner -1 is nobody
-- reads: current_events, behaviour_items, behaviour_kinds, behaviour_owners, $recent, $now (microseconds since 1970)
WITH known AS (
    SELECT i.item, k.kind, e.shopper, e.session, e.line, least(epoch_us(e.time), $now) AS moment,
        CASE WHEN e.basket IS NULL THEN 0::UBIGINT ELSE hash(e.source, e.basket) END AS basket
    FROM current_events AS e
    JOIN behaviour_items AS i ON e.product_id = i.product_id
    JOIN behaviour_kinds AS k ON e.kind = k.name
    WHERE e.time IS NOT NULL
), owned AS (
    SELECT *, CASE
        WHEN shopper IS NOT NULL THEN 'shopper:' || shopper
        WHEN session IS NOT NULL THEN 'session:' || session END AS name
    FROM known
    UNION ALL
    SELECT *, '+session:' || session AS name
    FROM known WHERE shopper IS NOT NULL AND session IS NOT NULL AND moment >= $recent
)
SELECT coalesce(o.owner, -1)::INTEGER AS owner, n.item, n.kind, n.moment, n.basket
FROM owned AS n LEFT JOIN behaviour_owners AS o ON n.name = o.name
ORDER BY coalesce(o.owner, -1), n.moment, n.line, n.item, n.kind
