import { describeSeeds } from './seeds.js';

// Seed 1 ends with damaged metadata of a removed object on one drive: see docs/reliability.md.
describeSeeds(2, 99);
