/** Metrics as values, and as Prometheus' text format. */

export type Labels = Readonly<Record<string, string>>;

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly samples: readonly (readonly [labels: Labels, value: number])[];
}

/** A family of one sample without labels of its own. */
export function single(type: Family['type'], name: string, help: string, labels: Labels, value: number): Family {
  return { name, help, type, samples: [[labels, value]] };
}

/** Families with no sample are left out; those of one name become one. */
export function renderMetrics(families: readonly Family[]): string {
  const byName = new Map<string, Family>();
  for (const family of families) {
    const known = byName.get(family.name);
    byName.set(family.name, known === undefined ? family : { ...known, samples: [...known.samples, ...family.samples] });
  }
  return [...byName.values()]
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, type, samples }) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.map(([labels, value]) => `${name}${renderLabels(labels)} ${renderNumber(value)}\n`).join('')}`)
    .join('');
}

function renderLabels(labels: Labels): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs.length === 0 ? '' : `{${pairs.map(([name, value]) => `${name}="${escape(value)}"`).join(',')}}`;
}

function escape(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}

function renderNumber(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
