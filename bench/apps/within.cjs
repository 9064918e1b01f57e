// Runs an application under the preload that can be asked to be measured or not, in one process: `within.cjs PRELOAD FILE [ARGUMENT...]`.
const { channel } = require('node:diagnostics_channel');

const [preload, file, ...rest] = process.argv.splice(1).slice(1);
process.argv.push(file, ...rest);

/** Whether a file of the preload that measures is at work. */
function isMeasuring() {
  return new Error('who').stack.includes('measure.cjs');
}

/** Methods of libraries that were replaced, and listeners of each request. */
const replaced = [];
const listeners = new Set();
let isMeasured = true;

for (const name of ['http.server.request.start', 'http.server.response.finish']) {
  const observed = channel(name);
  let isCalled = false;
  // The channel changes its class with its first subscriber, and then calls itself again: what it does itself is called on its class, whichever that is.
  const call = (method, listener) => {
    isCalled = true;
    const result = Object.getPrototypeOf(observed)[method].call(observed, listener);
    isCalled = false;
    return result;
  };
  const known = new Map();
  observed.subscribe = (listener) => {
    if (isCalled) return Object.getPrototypeOf(observed).subscribe.call(observed, listener);
    const one = { measures: isMeasuring(), turn: (isOn) => call(isOn ? 'subscribe' : 'unsubscribe', listener) };
    known.set(listener, one);
    listeners.add(one);
    if (isMeasured) one.turn(true);
  };
  observed.unsubscribe = (listener) => {
    listeners.delete(known.get(listener));
    return call('unsubscribe', listener);
  };
}

const { defineProperty } = Object;
Object.defineProperty = (target, name, descriptor) => {
  const original = Object.getOwnPropertyDescriptor(target, name);
  const result = defineProperty(target, name, descriptor);
  if (typeof original?.value === 'function' && typeof descriptor.value === 'function' && isMeasuring()) {
    const patched = Object.getOwnPropertyDescriptor(target, name);
    replaced.push((isOn) => defineProperty(target, name, isOn ? patched : original));
  }
  return result;
};

let times = 0;

function measure(isWanted) {
  if (isMeasured === isWanted) return {};
  isMeasured = isWanted;
  // The first two turns are before the first request, when nothing that measures may be loaded yet.
  if (times++ > 1 && replaced.length === 0 && ![...listeners].some(({ measures }) => measures))
    throw new Error('the preload has replaced nothing that could be switched off');
  for (const turn of replaced) turn(isWanted);
  for (const { turn } of listeners) turn(isWanted);
  return {};
}

// For answer.mjs.
globalThis[Symbol.for('bench.measure')] = measure;
require(preload);
require(file);
Object.defineProperty = defineProperty;
