"""What people type, one module per noun: fields, limits, and errors beside the field."""
