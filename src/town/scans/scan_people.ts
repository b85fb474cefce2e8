/**
 * People and parked bicycles of a scanned street.
 *
 * @module
 */

import { Raw, type ScanScene } from "./scan_scene.ts";
import { addBody, addTwoWheeler, placed } from "./scan_bodies.ts";

/** Height of the pavement above the road, in metres. */
const KERB = 0.13;

/** Puts people on the pavements and on the road near a crossing, and bicycles along the kerb. */
export function addPeople(scene: ScanScene): void {
  const { dice, moment, street, style: { things } } = scene;
  const inner = street.halfWidth + street.verge + 0.4;
  for (let left = scene.count(moment, things.people * 0.5, 130); left > 0; left--) {
    const z = scene.z + moment.between(-65, 65);
    const outer = Math.max(inner + 0.2, street.propertyLine - 0.3);
    const across = moment.sign() * moment.between(inner, outer);
    const stride = moment.between(-0.28, 0.28);
    const yaw = moment.between(0, 2 * Math.PI);
    addBody(scene, moment, placed(scene, across, z, yaw, KERB), Raw.person, stride);
    if (moment.chance(0.35)) {
      addBody(
        scene,
        moment,
        placed(scene, across + 0.65, z + moment.between(-0.3, 0.3), yaw, KERB),
        Raw.person,
        -stride,
      );
    }
  }
  for (let left = scene.count(dice, things.bicycles * 1.5, 200); left > 0; left--) {
    const side = dice.sign();
    const z = dice.between(street.first + 5, street.last - 8);
    if (!street.clear(z, 4)) continue;
    const yaw = dice.between(-0.6, 0.6) + Math.PI / 2;
    for (let more = dice.integer(1, 4), at = z; more > 0; more--, at += 0.8) {
      const across = side * (street.halfWidth + street.verge + dice.between(0.9, 1.2));
      addTwoWheeler(scene, dice, placed(scene, across, at, yaw, KERB), Raw.bicycle, 1);
    }
  }
}
