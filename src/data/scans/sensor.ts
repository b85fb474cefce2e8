/**
 * What a LiDAR sensor is to the projection: how its points become the pixels of a range image. A scan is a list of
 * points, in the order of its file. It becomes an image only on the GPU.
 *
 * @module
 */

/** How the points of a scan find their pixels. */
export interface ScanSensor {
  /** Its name in messages. */
  readonly name: string;
  /** Rows of its range image. */
  readonly rows: number;
  /** Columns of its range image. */
  readonly columns: number;
  /**
   * `angle`: the row follows from the elevation, the column runs clockwise, and of two points in a pixel the one with
   * the smaller |xyz| stays (SemanticKITTI). `ring`: the row is that of the point's ring, the column runs
   * counter-clockwise, and the smaller hypot(x, y) stays (nuScenes).
   */
  readonly rule: "angle" | "ring";
  /** Elevation of the upper edge of the image, in degrees. */
  readonly up: number;
  /** Elevation of the lower edge, in degrees; negative below the horizon. */
  readonly down: number;
  /** Points whose hypot(x, y) is less, in metres, are left out: the car itself. 0 leaves out none. */
  readonly nearest: number;
}

/** The sensor of KITTI, a Velodyne HDL-64E. */
export const kittiSensor: ScanSensor = {
  ...{ name: "kitti", rows: 64, columns: 2048, rule: "angle", up: 3, down: -25, nearest: 0 },
};

/** The sensor of nuScenes, a Velodyne HDL-32E. */
export const nuscenesSensor: ScanSensor = {
  ...{ name: "nuscenes", rows: 32, columns: 1920, rule: "ring", up: 10, down: -30, nearest: 0.9 },
};
