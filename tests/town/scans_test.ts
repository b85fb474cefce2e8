import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { scanTown, type TownScan, type TownSensor } from "../../src/town/scans/town_scan.ts";

const sensors: readonly TownSensor[] = ["64-beams", "32-beams"];
const made = {
  "64-beams": Array.from({ length: 6 }, (_, street) => scanTown("64-beams", { seed: 1, street, frame: 0 })),
  "32-beams": Array.from({ length: 6 }, (_, street) => scanTown("32-beams", { seed: 1, street, frame: 0 })),
};
const width = { "64-beams": 4, "32-beams": 5 };

/** Share of each raw id among the points that have a class. */
function shares(sensor: TownSensor): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { labels } of made[sensor]) for (const id of labels) counts.set(id, (counts.get(id) ?? 0) + 1);
  for (const id of [0, 1, 99]) counts.delete(id);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return new Map([...counts].map(([id, count]) => [id, count / total]));
}

/** x, y, z and the rest of each point. */
function* rows(sensor: TownSensor, { points }: TownScan): Generator<Float32Array> {
  for (let at = 0; at < points.length; at += width[sensor]) yield points.subarray(at, at + width[sensor]);
}

Deno.test("scanTown() gives the same bytes for the same place, and others for other streets, frames and seeds", () => {
  const place = { seed: 1, street: 2, frame: 0 };
  for (const sensor of sensors) {
    const [first] = [scanTown(sensor, place)];
    assertEquals(made[sensor][2], first);
    for (const other of [{ street: 3 }, { frame: 1 }, { seed: 2 }]) {
      assertNotEquals(scanTown(sensor, { ...place, ...other }).points.slice(0, 400), first.points.slice(0, 400));
    }
  }
});

Deno.test("the scans of both sensors have all classes of a street, and ground makes up most of them", () => {
  for (const sensor of sensors) {
    const found = shares(sensor);
    const expected = [10, 11, 13, 18, 30, 40, 44, 48, 50, 51, 70, 71, 72, 80, 81];
    assertEquals(expected.filter((id) => (found.get(id) ?? 0) < 0.0002), [], sensor);
    const ground = [40, 44, 48, 60, 72].reduce((sum, id) => sum + (found.get(id) ?? 0), 0);
    assert(ground > 0.35 && ground < 0.75, `${sensor}: ${ground} of the points are ground`);
    assert((found.get(50) ?? 0) > 0.05 && (found.get(50) ?? 0) < 0.4, `${sensor}: ${found.get(50)} are buildings`);
    assert((found.get(70) ?? 0) > 0.03, `${sensor}: ${found.get(70)} are leaves`);
  }
});

Deno.test("64 beams leave out what does not return; their points lie between the beams' elevations, within 80 m", () => {
  for (const scan of made["64-beams"]) {
    assertEquals(scan.points.length, scan.labels.length * 4);
    assert(scan.labels.length > 85_000 && scan.labels.length < 64 * 2011, `${scan.labels.length} points`);
    for (const [x = 0, y = 0, z = 0, remission = 0] of rows("64-beams", scan)) {
      const distance = Math.hypot(x, y, z);
      const elevation = Math.asin(z / distance) * 180 / Math.PI;
      assert(distance > 1 && distance < 80.2 && elevation < 2.8 && elevation > -23.9, `${distance} m, ${elevation}°`);
      assert(remission >= 0 && remission <= 0.991 && Math.abs(remission * 100 - Math.round(remission * 100)) < 1e-4);
    }
  }
});

Deno.test("32 beams have a row for each firing, ring by ring, and a quarter of them within 0.9 m", () => {
  for (const scan of made["32-beams"]) {
    assertEquals([scan.points.length, scan.labels.length], [32 * 1084 * 5, 32 * 1084]);
    let at = 0;
    let near = 0;
    for (const [x = 0, y = 0, z = 0, intensity = 0, ring = -1] of rows("32-beams", scan)) {
      assertEquals(ring, at % 32);
      const elevation = Math.asin(z / Math.hypot(x, y, z)) * 180 / Math.PI;
      assert(Math.abs(elevation - (-30.67 + ring * 41.34 / 31)) < 0.01, `ring ${ring} looks ${elevation}° up`);
      assert(Number.isInteger(intensity) && intensity >= 0 && intensity <= 255);
      if (Math.hypot(x, y) < 0.9) {
        near += 1;
        assert([0, 1].includes(scan.labels[at] ?? -1), "the car itself has no class");
      }
      at += 1;
    }
    assert(near / at > 0.15 && near / at < 0.5, `${near / at} of the rows lie within 0.9 m`);
  }
});

Deno.test("there is a town ahead, to both sides and behind", () => {
  for (const sensor of sensors) {
    const reach = [0, 0, 0, 0];
    for (const scan of made[sensor]) {
      for (const [x = 0, y = 0, z = 0] of rows(sensor, scan)) {
        const side = Math.round(Math.atan2(y, x) / (Math.PI / 2)) & 3;
        if (Math.hypot(x, y, z) > 8) reach[side] = (reach[side] ?? 0) + 1;
      }
    }
    const least = Math.min(...reach);
    assert(least > 0.1 * reach.reduce((sum, count) => sum + count, 0), `${sensor}: ${reach} points a side`);
  }
});

Deno.test("the road is flat beneath the sensor at its height, and signs shine brighter than the road", () => {
  for (const [sensor, height, full] of [["64-beams", 1.73, 1], ["32-beams", 1.84, 255]] as const) {
    const bright = new Map<number, number[]>();
    for (const scan of made[sensor]) {
      let at = 0;
      for (const [x = 0, y = 0, z = 0, intensity = 0] of rows(sensor, scan)) {
        const id = scan.labels[at++] ?? 0;
        if (!bright.has(id)) bright.set(id, []);
        bright.get(id)?.push(intensity / full);
        if (id === 40 && Math.hypot(x, y) < 6) assert(Math.abs(z + height) < 0.35, `the road is at ${z} m`);
      }
    }
    const mean = (id: number) => {
      const list = bright.get(id) ?? [];
      return list.reduce((sum, value) => sum + value, 0) / list.length;
    };
    assert(mean(81) > 1.5 * mean(40), `${sensor}: signs ${mean(81)}, road ${mean(40)}`);
  }
});
