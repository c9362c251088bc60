"""The tables and views of a warehouse in the catalog of a Spark."""
