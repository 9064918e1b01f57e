/** The nearest object of a prototype chain that has its own member of that name. */
export function ownerOf(object: object, name: string): object | undefined {
  for (let one: object | null = object; one !== null; one = Object.getPrototypeOf(one)) if (Object.hasOwn(one, name)) return one;
  return undefined;
}
