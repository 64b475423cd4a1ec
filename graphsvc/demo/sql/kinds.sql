-- purpose: the different texts of products, each of which gets one title and one path
-- reads: products
SELECT DISTINCT department, product_category, product_type, package_size, brand FROM products
