/** `require` of the packages of packages/testkit/peers, which are installed outside the repository: BENCH_PEERS names their folder. */
const { createRequire } = require('node:module');

exports.peer = createRequire(`${process.env.BENCH_PEERS}/`);

/** Gives the programs of `bench/apps` something that a peer needs a line of code for; see `offered` there. */
exports.offer = (name, value) => {
  globalThis[Symbol.for(`bench.${name}`)] = value;
};
