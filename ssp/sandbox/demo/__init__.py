"""The demo: the people of the design's pictures, told through the public services as if it had happened."""
