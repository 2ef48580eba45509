"""What a report says: the stored snapshot the PDF is a pure function of."""
