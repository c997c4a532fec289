/**
 * Set-up of every test file: `Math.random` gives the same numbers in every run, so that the node's pauses
 * and its places in a slot are the same, too. Seeds of properties are in properties.mts.
 */
import { createRandom } from '../lab/stage/random.mts';

Math.random = createRandom(1);
