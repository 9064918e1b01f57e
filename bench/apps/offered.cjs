/** What the preload of a variant offers to the programs, because its library needs a line of code in an application; undefined for the others. */
exports.offered = (name) => globalThis[Symbol.for(`bench.${name}`)];
