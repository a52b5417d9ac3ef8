/** The value, if it is one of the options' names; anybody can write anything into an address. */
export function oneOf<T extends object>(options: T, value: string | null, otherwise: keyof T): keyof T {
  return value !== null && Object.hasOwn(options, value) ? (value as keyof T) : otherwise;
}
