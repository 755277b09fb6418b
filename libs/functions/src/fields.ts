import { explain, FunctionError } from './function-error.ts';

/** An object in the JSON text of an environment variable. What is wrong with a field is said with the variable and the field's path. */
export class Fields {
  readonly #where: string;
  readonly #values: Record<string, unknown>;

  private constructor(where: string, values: Record<string, unknown>) {
    this.#where = where;
    this.#values = values;
  }

  /** Reads `text`, the value of the variable. Throws `config.invalid`. */
  static parse(variable: string, text: string): Fields {
    try {
      return new Fields(`${variable}: `, asObject(JSON.parse(text), variable));
    } catch (error) {
      if (error instanceof FunctionError) throw error;
      throw new FunctionError('config.invalid', `${variable}: is not JSON: ${explain(error)}`, error);
    }
  }

  /** Whether the field is there; null counts as absent, as it does for the other frameworks. */
  has(name: string): boolean {
    return this.#values[name] !== undefined && this.#values[name] !== null;
  }

  /** A text, or undefined when it is absent or empty. */
  text(name: string): string | undefined {
    if (!this.has(name)) return undefined;
    const value = this.#values[name];
    if (typeof value !== 'string') throw this.wrong(name, 'must be a text');
    return value === '' ? undefined : value;
  }

  /** A text that has to be there. */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw this.wrong(name, 'must be a text that is not empty');
    return value;
  }

  /** A port as number or as text. */
  port(name: string): number | undefined {
    if (!this.has(name) || this.#values[name] === '' || this.#values[name] === 0) return undefined;
    const port = Number(this.#values[name]);
    if (!isPort(port)) throw this.wrong(name, 'must be a port between 1 and 65535');
    return port;
  }

  /** An object; an empty one when it is absent. */
  object(name: string): Fields {
    return new Fields(`${this.#where}${name}.`, asObject(this.#values[name] ?? {}, `${this.#where}${name}`));
  }

  /** The objects in this one, by name; empty when it is absent. */
  objects(name: string): [string, Fields][] {
    const all = this.object(name);
    return Object.keys(all.#values).map((key) => [key, all.object(key)]);
  }

  /** The objects in a list; empty when it is absent. */
  list(name: string): Fields[] {
    return this.#items(name).map((value, index) => {
      const where = `${this.#where}${name}[${index}]`;
      return new Fields(`${where}.`, asObject(value, where));
    });
  }

  /** A list of texts; empty when it is absent. */
  texts(name: string): string[] {
    const items = this.#items(name);
    if (items.every((item) => typeof item === 'string')) return items;
    throw this.wrong(name, 'must be a list of texts');
  }

  /** An object of texts; empty when it is absent. */
  textMap(name: string): Record<string, string> {
    const all = this.object(name);
    return Object.fromEntries(Object.keys(all.#values).map((key) => [key, all.text(key) ?? '']));
  }

  /** The complaint about a field. */
  wrong(name: string, rule: string): FunctionError {
    const value = this.#values[name];
    const is = value === undefined ? 'it is missing' : `it is ${shorten(JSON.stringify(value))}`;
    return new FunctionError('config.invalid', `${this.#where}${name}: ${rule}; ${is}`);
  }

  #items(name: string): unknown[] {
    const value = this.#values[name] ?? [];
    if (!Array.isArray(value)) throw this.wrong(name, 'must be a list');
    return value;
  }
}

/** Whether it is a port that a server can be told to listen on. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

function asObject(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new FunctionError('config.invalid', `${where}: must be an object; it is ${shorten(JSON.stringify(value))}`);
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
