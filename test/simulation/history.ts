/**
 * What clients asked for and were told, and whether one order of it explains every answer: for each key, linearizability of a
 * register whose versions may pile up.
 *
 * A change that was answered with an error, or not at all, is open: some drives may have it. From some time after its start it may be
 * seen or not, from read to read, until a later change is acknowledged; and never again once a change is acknowledged that began after
 * the error was heard.
 */

/** `value`: the etag of an object's bytes, which are unique. */
export type Effect =
  | { readonly kind: 'put'; readonly value: string; readonly keepsOlder: boolean }
  | { readonly kind: 'put-if-absent'; readonly value: string; readonly keepsOlder: boolean; readonly isDone: boolean }
  | { readonly kind: 'delete'; readonly keepsOlder: boolean; readonly marker: string }
  | { readonly kind: 'remove-version'; readonly value: string }
  /** undefined: there is no object. */
  | { readonly kind: 'read'; readonly value: string | undefined }
  | { readonly kind: 'read-version'; readonly value: string; readonly isThere: boolean };

export interface Operation {
  readonly key: string;
  readonly effect: Effect;
  readonly startMs: number;
  /** Infinity where the outcome is open. */
  readonly endMs: number;
  /** When the client heard that the outcome is open. */
  readonly openMs?: number;
  /** For people: the node that was asked. */
  readonly through: string;
}

export class History {
  readonly operations: Operation[] = [];

  add(operation: Operation): void {
    this.operations.push(operation);
  }

  get keys(): string[] {
    return [...new Set(this.operations.map(({ key }) => key))].sort();
  }

  /** What cannot be explained, key by key. */
  contradictions(): string[] {
    return this.keys.flatMap((key) => {
      const operations = this.operations.filter((operation) => operation.key === key);
      const verdict = isLinearizable(operations);
      return verdict === 'yes' ? [] : [`${key}: ${verdict === 'no' ? 'no order explains' : 'it takes too long to find an order for'}\n${describe(operations)}`];
    });
  }
}

function describe(operations: readonly Operation[]): string {
  const line = ({ startMs, endMs, effect, through }: Operation): string => {
    const { kind, ...rest } = effect;
    return `  ${(startMs / 1000).toFixed(4)} to ${endMs === Infinity ? '?' : (endMs / 1000).toFixed(4)} ${through} ${kind} ${Object.values(rest).map(String).join(' ')}`;
  };
  return [...operations].sort((a, b) => a.startMs - b.startMs).map(line).join('\n');
}

interface State {
  /** Acknowledged versions of a key, newest first; delete markers begin with `!`. */
  readonly versions: readonly string[];
  /** Values that may be seen instead of the newest, `-` for none; `~value` for a version that may be gone. */
  readonly open: readonly string[];
  /** Open values below an acknowledged one: they may come to light when it is removed. */
  readonly below: readonly string[];
}

/** What a read of the latest version may give; `-`: that there is no object. */
function visible({ versions, open }: State): Set<string> {
  const values = new Set(open.filter((value) => !value.startsWith('~')));
  for (const version of versions) {
    values.add(version.startsWith('!') ? '-' : version);
    if (!open.includes(`~${version}`)) return values;
  }
  return values.add('-');
}

function isRemoval(value: string): boolean {
  return value.startsWith('~');
}

/** The state after an operation, undefined where it cannot have been answered so. */
function applied(state: State, { effect, endMs }: Operation): State | undefined {
  const { versions, open, below } = state;
  const isOpen = endMs === Infinity;
  const maybe = (value: string): State => ({ ...state, open: [...open.filter((other) => other !== value), value].sort() });
  const added = (version: string, keepsOlder: boolean): State =>
    keepsOlder
      ? { versions: [version, ...versions], open: open.filter(isRemoval), below: [...new Set([...below, ...open.filter((value) => !isRemoval(value) && value !== '-')])].sort() }
      : { versions: [version], open: [], below: [] };
  switch (effect.kind) {
    case 'put':
      return isOpen ? maybe(effect.value) : added(effect.value, effect.keepsOlder);
    case 'put-if-absent': {
      const values = visible(state);
      if (!effect.isDone) return values.size > 1 || !values.has('-') ? state : undefined;
      if (!values.has('-')) return undefined;
      return isOpen ? maybe(effect.value) : added(effect.value, effect.keepsOlder);
    }
    case 'delete':
      if (isOpen) return maybe('-');
      return effect.keepsOlder ? added(effect.marker, true) : { versions: [], open: [], below: [] };
    case 'remove-version':
      if (isOpen) return maybe(`~${effect.value}`);
      return { versions: versions.filter((version) => version !== effect.value), open: versions[0] === effect.value ? [...new Set([...open, ...below])].sort() : open, below };
    case 'read':
      return visible(state).has(effect.value ?? '-') ? state : undefined;
    case 'read-version': {
      const isThere = versions.includes(effect.value);
      return isThere === effect.isThere || (isThere && open.includes(`~${effect.value}`)) ? state : undefined;
    }
  }
}

const STEPS_MAX = 400_000;

/** Whether the operations of one key can be put into one order (Wing and Gong's search, remembering what led nowhere). */
export function isLinearizable(all: readonly Operation[]): 'yes' | 'no' | 'unknown' {
  const operations = [...withoutIdle(all)].sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  const isPure = operations.map(({ effect }) => effect.kind === 'read' || effect.kind === 'read-version');
  const done = new Array<boolean>(operations.length).fill(false);
  const failed = new Set<string>();
  let left = operations.filter(({ endMs }) => endMs !== Infinity).length;
  let steps = 0;

  /** Operations that may come next: begun before the first end of those that are left. */
  const candidates = (): number[] => {
    let firstEndMs = Infinity;
    let lastChangeMs = -Infinity;
    operations.forEach(({ endMs, startMs }, index) => {
      if (done[index] !== true && endMs < firstEndMs) firstEndMs = endMs;
      if (done[index] === true && endMs !== Infinity && isPure[index] !== true) lastChangeMs = Math.max(lastChangeMs, startMs);
    });
    return operations.flatMap(({ startMs, openMs = Infinity }, index) => (done[index] !== true && startMs <= firstEndMs && lastChangeMs <= openMs ? [index] : []));
  };
  const search = (state: State): boolean => {
    if (++steps > STEPS_MAX) return false;
    // Reads that fit change nothing, so they come at once.
    const taken: number[] = [];
    for (let again = true; again; ) {
      again = false;
      for (const index of candidates()) {
        if (isPure[index] !== true || applied(state, operations[index]!) === undefined) continue;
        done[index] = true;
        taken.push(index);
        left--;
        again = true;
      }
    }
    if (left === 0) return true;
    const name = `${done.map((isDone) => (isDone ? 1 : 0)).join('')} ${state.versions.join()} ${state.open.join()} ${state.below.join()}`;
    if (!failed.has(name)) {
      for (const index of candidates()) {
        if (isPure[index] === true) continue;
        const operation = operations[index]!;
        const next = applied(state, operation);
        if (next === undefined) continue;
        const counts = operation.endMs === Infinity ? 0 : 1;
        done[index] = true;
        left -= counts;
        if (search(next)) return true;
        done[index] = false;
        left += counts;
      }
      failed.add(name);
    }
    for (const index of taken) {
      done[index] = false;
      left++;
    }
    return false;
  };
  return search({ versions: [], open: [], below: [] }) ? 'yes' : steps > STEPS_MAX ? 'unknown' : 'no';
}

/** Leaves out what nobody knows to have happened and nobody saw anything of. */
function* withoutIdle(all: readonly Operation[]): Generator<Operation> {
  const seen = new Set<string>();
  let sawNothing = false;
  let sawSomething = false;
  for (const { effect } of all) {
    if (effect.kind === 'read' && effect.value !== undefined) seen.add(effect.value);
    if (effect.kind === 'read' && effect.value === undefined) sawNothing = true;
    if (effect.kind === 'read-version' && effect.isThere) seen.add(effect.value);
    if (effect.kind === 'read-version' && !effect.isThere) sawNothing = true;
    if (effect.kind === 'put-if-absent' && effect.isDone) sawNothing = true;
    if (effect.kind === 'put-if-absent' && !effect.isDone) sawSomething = true;
    if (effect.kind === 'remove-version') sawNothing = true;
  }
  for (const operation of all) {
    const { effect, endMs } = operation;
    if (endMs !== Infinity) yield operation;
    else if (effect.kind === 'put' || effect.kind === 'put-if-absent') {
      if (sawSomething || seen.has(effect.value)) yield operation;
    } else if (sawNothing || effect.kind === 'remove-version') yield operation;
  }
}
