/** An object with `then` that is no promise, such as a query builder: it runs at each `then`. */
export function thenable<T>(run: () => T): PromiseLike<T> {
  const builder = {
    // biome-ignore lint/suspicious/noThenProperty: libraries give such objects to whoever awaits them, and no other property makes one
    then(resolve: (value: T) => void): void {
      resolve(run());
    },
  };
  return builder as PromiseLike<T>;
}
