// A worker thread that has nothing to do.
