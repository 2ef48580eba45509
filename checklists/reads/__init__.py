"""What pages read, one module per noun: constant numbers of queries."""
