"""The sample shop: real data of a grocer made ready for the ordinary import, and the questions asked at the end."""
