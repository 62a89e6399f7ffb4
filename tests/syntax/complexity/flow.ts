class Basket<T> {
  private total = (items?: T[], strict = false): number => (items ? items.length : 0); // cyclomatic 2 cognitive 1 parameters 2

  constructor(private readonly items: T[]) {} // cyclomatic 1 cognitive 0 parameters 1

  abstract missing(): void;

  get size(): number { // cyclomatic 2 cognitive 1 parameters 0
    return this.items?.length ?? (this.total() ? 1 : 2); // +1
  }
}

function bound(this: Window, name: string): asserts name is string { // cyclomatic 2 cognitive 1 parameters 1
  if (!name) throw new Error(); // +1
}

function overload(a: string): string;
function overload(a: number): string;
function overload(a: unknown): string { // cyclomatic 1 cognitive 0
  return String(a);
}

namespace Inner {
  export const typed: (a: string) => void = async (a) => { // cyclomatic 2 cognitive 1 parameters 1
    for await (const part of a) use(part); // +1
  };
}
