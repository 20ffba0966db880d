import { formatCallTime, formatTightSize } from '../../view/index.js';
import type { TrafficRates } from '../../client/index.js';
import { sparkline } from '../bars.js';
import type { Place } from '../layout.js';
import { fit, line, span, type Line, type Tone } from '../line.js';
import type { State } from '../state.js';
import type { PanelContent } from './panel.js';

interface Curve {
  readonly name: string;
  readonly of: (rates: TrafficRates) => number | undefined;
  readonly show: (value: number) => string;
  readonly tone: Tone;
}

const rate = (value: number): string => `${value < 10 && value > 0 ? value.toFixed(1) : Math.round(value)}/s`;
const bytes = (value: number): string => `${formatTightSize(Math.round(value))}/s`;

const CURVES: readonly Curve[] = [
  { name: 'requests', of: ({ requestsPerSecond }) => requestsPerSecond, show: rate, tone: 'accent' },
  { name: 'errors', of: ({ errorsPerSecond }) => errorsPerSecond, show: rate, tone: 'bad' },
  { name: 'bytes in', of: ({ receivedBytesPerSecond }) => receivedBytesPerSecond, show: bytes, tone: 'accent' },
  { name: 'bytes out', of: ({ sentBytesPerSecond }) => sentBytesPerSecond, show: bytes, tone: 'accent' },
  { name: 'p50', of: ({ p50Ms }) => p50Ms, show: formatCallTime, tone: 'accent' },
  { name: 'p99', of: ({ p99Ms }) => p99Ms, show: formatCallTime, tone: 'warn' },
];
const NAME_COLUMNS = 10;
const VALUE_COLUMNS = 11;

export function trafficPanel({ value }: State, { width, height }: Place): PanelContent {
  const { traffic, trafficHistory } = value;
  const title = traffic === undefined ? 'Traffic' : `Traffic (${traffic.inflight} in flight)`;
  if (traffic === undefined) return { title, lines: [line('Waiting for the second look at the metrics.', 'dim')] };
  const sparkColumns = width - NAME_COLUMNS - VALUE_COLUMNS - 1;
  const lines = CURVES.slice(0, height - 1).map(({ name, of, show, tone }): Line => {
    const now = of(traffic);
    return fit([
      span(name.padEnd(NAME_COLUMNS)),
      span((now === undefined ? '-' : show(now)).padStart(VALUE_COLUMNS), 'strong'),
      span(` ${sparkline(trafficHistory.map(of), sparkColumns)}`, tone),
    ], width);
  });
  return { title, lines };
}
