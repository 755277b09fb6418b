import { INTERNAL_LISTENER } from '../names.ts';
import { type Complaint, CREATE_AND_UPDATE, type Rule, segments } from '../rules.ts';
import { external, listening } from './examples.ts';
import { isEmpty, isInternal, LISTENERS, type ListenerLike, listenersOf } from './listeners.ts';

/** What the Gateway API tells a listener from another by. */
interface Address {
  hostname?: string;
  port: number;
  protocol: string;
}

function addressOf({ hostname, port, protocol }: ListenerLike): Address | undefined {
  if (typeof port !== 'number' || typeof protocol !== 'string') return undefined;
  if (isEmpty(hostname)) return { port, protocol };
  return typeof hostname === 'string' ? { hostname, port, protocol } : undefined;
}

const INTERNAL = JSON.stringify(INTERNAL_LISTENER.name);

/** Without the webhook no hostname is filled in, so listeners that have none are let pass. */
const IS_ALONE = `self.listeners.exists_one(b, b.name != ${INTERNAL} && has(b.hostname) && b.hostname == a.hostname && b.port == a.port && b.protocol == a.protocol)`;

/** A listener by its address. */
interface Addressed {
  index: number;
  address: Address;
  key: string;
  /** Address and name: the listener of another state of the object with the same mark has kept its address. */
  mark: string;
}

/** All listeners but the internal one: what has its hostname is outside the domain, or the domain is wrong, and that is said. */
function addressesIn(object: unknown): Addressed[] {
  return listenersOf(object).flatMap(({ listener, index }) => {
    const { name } = listener;
    const address = addressOf(listener);
    if (address === undefined || typeof name !== 'string' || isInternal(listener)) return [];
    const key = JSON.stringify(address);
    return [{ index, address, key, mark: `${key} ${name}` }];
  });
}

/** The second listener of each address, unless it is stored like that: of two, the one that is new is reported. */
function collisions(object: unknown, old: unknown): Complaint[] | undefined {
  const stored = new Set(addressesIn(old).map(({ mark }) => mark));
  const isNew = ({ mark }: { mark: string }) => !stored.has(mark);
  const firsts = new Map<string, Addressed>();
  const found: Complaint[] = [];
  for (const listener of addressesIn(object).toSorted((a, b) => Number(isNew(a)) - Number(isNew(b)))) {
    const first = firsts.get(listener.key);
    if (first === undefined) firsts.set(listener.key, listener);
    // The same name twice is what the schema speaks about.
    else if (isNew(listener) && listener.mark !== first.mark) found.push(duplicate(listener, first));
  }
  return found.length === 0 ? undefined : found;
}

function duplicate({ index, address }: Addressed, first: Addressed): Complaint {
  const detail = `hostname, port and protocol together must differ from those of every other listener; \`listeners[${first.index}]\` has the same`;
  return { reason: 'Duplicate', value: address, detail, at: [...segments(LISTENERS), index] };
}

/** Listeners that the Gateway API could not tell apart. */
export const APART_RULE: Rule = {
  id: 'gatewaySpec.listeners.apart',
  number: 'Q32',
  path: `${LISTENERS}[]`,
  on: CREATE_AND_UPDATE,
  level: 'deny',
  says: 'two listeners with the same hostname, port and protocol',
  twin: {
    at: 'spec.gatewaySpec',
    onCreateOnly: true,
    cel: `self.listeners.all(a, a.name == ${INTERNAL} || !has(a.hostname) || ${IS_ALONE})`,
    message: 'listeners: hostname, port and protocol together must differ from those of every other listener',
  },
  broken: (object, { old }) => collisions(object, old),
  accepts: listening(external(), external({ name: 'b', port: 81 })),
  refuses: listening(external(), external({ name: 'b' })),
};
