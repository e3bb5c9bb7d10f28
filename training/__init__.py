"""Everything that makes weights/ and assets/, to be run again by anyone from public sources."""
