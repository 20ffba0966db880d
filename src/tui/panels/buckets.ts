import { formatRoughDuration, formatTightSize, plural } from '../../view/index.js';
import { bar } from '../bars.js';
import type { Place } from '../layout.js';
import { fit, line, span } from '../line.js';
import { bucketItems, chosenId } from '../lists.js';
import type { State } from '../state.js';
import { emptyList, listTitle, type PanelContent } from './panel.js';
import { MARK_COLUMNS, rowsAround } from './rows.js';

const SIZE_COLUMNS = 8;
const COUNT_COLUMNS = 10;
const BAR_COLUMNS = 8;
/** In narrower places names need the room of the bars. */
const BARS_FROM_COLUMNS = 38;

export function bucketsPanel(state: State, { width, height }: Place): PanelContent {
  const items = bucketItems(state);
  const largest = items[0]?.bytes ?? 0;
  const hasBars = width >= BARS_FROM_COLUMNS;
  const nameColumns = width - MARK_COLUMNS - SIZE_COLUMNS - COUNT_COLUMNS - (hasBars ? BAR_COLUMNS + 2 : 0);
  const counted = state.value.countedMs;
  return {
    title: `${listTitle('Buckets', items.length, state.filters.buckets)}${counted === undefined ? '' : `, counted ${formatRoughDuration(state.value.atMs - counted)} ago`}`,
    lines: items.length === 0
      ? emptyList(state.filters.buckets, counted === undefined ? 'The server has not counted its objects yet.' : 'No bucket was counted.')
      : rowsAround({
          items, width, height: height - 1, isActive: state.panel === 'buckets', chosen: items.findIndex(({ name }) => name === chosenId('buckets', state)),
          row: ({ name, bytes, objects }) => [
            ...fit(line(name), nameColumns),
            span(formatTightSize(bytes).padStart(SIZE_COLUMNS)),
            span(countText(objects).padStart(COUNT_COLUMNS), 'dim'),
            ...(hasBars ? [span(`  ${bar(largest === 0 ? 0 : bytes / largest, BAR_COLUMNS)}`, 'accent')] : []),
          ],
        }),
  };
}

/** `999 obj`, `12k obj`. */
function countText(objects: number): string {
  const short = objects < 10_000 ? String(objects) : objects < 10_000_000 ? `${Math.round(objects / 1000)}k` : `${Math.round(objects / 1_000_000)}M`;
  return `${short} obj`;
}

export function bucketDetail(state: State): string {
  const bucket = bucketItems(state).find(({ name }) => name === chosenId('buckets', state));
  return bucket === undefined ? '' : `${bucket.name}: ${formatTightSize(bucket.bytes)} in ${plural(bucket.objects, 'object')}`;
}
