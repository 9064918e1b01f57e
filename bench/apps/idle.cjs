// A worker thread that says that it runs, and stays until it is told to end.
const { parentPort } = require('node:worker_threads');

parentPort.once('message', () => {});
parentPort.postMessage('running');
