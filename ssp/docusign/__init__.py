"""DocuSign: sending contracts to be signed, and hearing what became of them."""
