-- purpose: the products that are read anew: of the sources that are named, or all
-- reads: current_products
SELECT * FROM current_products WHERE len(getvariable('sources')) = 0 OR list_contains(getvariable('sources'), source)
