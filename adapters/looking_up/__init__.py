"""What an inquiry may look up, a file a tool. All of it reads, of one desk, as it was at one moment."""
