// drain
