"""What proves and protects: passwords, tokens, sealed secrets, second factors."""
