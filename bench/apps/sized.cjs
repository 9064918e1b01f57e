// What an application of some size has in memory. Beside next to nothing V8's collector promotes about half as much, until something is loaded, whatever that is.
require('express');
require('openai');
require('stripe');
