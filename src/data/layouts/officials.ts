/**
 * The layouts of official data sets, in the order in which a folder is compared with them.
 *
 * @module
 */

import { acdc } from "./acdc.ts";
import { bdd100k } from "./bdd100k.ts";
import { camvid } from "./camvid.ts";
import { cityscapes } from "./cityscapes.ts";
import { crossCity } from "./crosscity.ts";
import { gta5 } from "./gta5.ts";
import { idd, iddLite } from "./idd.ts";
import type { Layout } from "./layout.ts";
import { nuscenes } from "./nuscenes.ts";
import { scribbleKitti, semanticKitti } from "./semantickitti.ts";
import { synthia, synthiaSeqs } from "./synthia.ts";

/** All official layouts. */
export const officialLayouts: readonly Layout[] = [
  ...[idd, iddLite, cityscapes, gta5, synthia, synthiaSeqs, crossCity, camvid, bdd100k, acdc],
  ...[semanticKitti, scribbleKitti, nuscenes],
];
