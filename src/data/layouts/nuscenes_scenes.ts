/**
 * The scenes of the official splits of nuScenes.
 *
 * Source: GitHub nutonomy/nuscenes-devkit, `python-sdk/nuscenes/utils/splits.py`.
 *
 * @module
 */

/** The 150 scenes of `val`, by their numbers. All others of the tables `v1.0-trainval` are `train`. */
const val = new Set(
  [
    "0003 0012 0013 0014 0015 0016 0017 0018 0035 0036 0038 0039 0092 0093 0094 0095 0096 0097 0098 0099",
    "0100 0101 0102 0103 0104 0105 0106 0107 0108 0109 0110 0221 0268 0269 0270 0271 0272 0273 0274 0275",
    "0276 0277 0278 0329 0330 0331 0332 0344 0345 0346 0519 0520 0521 0522 0523 0524 0552 0553 0554 0555",
    "0556 0557 0558 0559 0560 0561 0562 0563 0564 0565 0625 0626 0627 0629 0630 0632 0633 0634 0635 0636",
    "0637 0638 0770 0771 0775 0777 0778 0780 0781 0782 0783 0784 0794 0795 0796 0797 0798 0799 0800 0802",
    "0904 0905 0906 0907 0908 0909 0910 0911 0912 0913 0914 0915 0916 0917 0919 0920 0921 0922 0923 0924",
    "0925 0926 0927 0928 0929 0930 0931 0962 0963 0966 0967 0968 0969 0971 0972 1059 1060 1061 1062 1063",
    "1064 1065 1066 1067 1068 1069 1070 1071 1072 1073",
  ].join(" ").split(" "),
);

/** The ten scenes of the tables `v1.0-mini`: whether they are `val` there. Some of its `train` are `val` elsewhere. */
const mini: Readonly<Record<string, boolean>> = {
  ...{ "0061": false, "0103": true, "0553": false, "0655": false, "0757": false, "0796": false, "0916": true },
  ...{ "1077": false, "1094": false, "1100": false },
};

/**
 * The split of a scene.
 *
 * @param scene its name, such as `scene-0003`.
 * @param version the folder of its tables, such as `v1.0-trainval`.
 */
export function splitOfScene(scene: string, version: string): "train" | "val" | "test" {
  if (version.endsWith("-test")) return "test";
  const number = scene.replace(/^scene-/, "");
  const isVal = (version.endsWith("-mini") ? mini[number] : undefined) ?? val.has(number);
  return isVal ? "val" : "train";
}
