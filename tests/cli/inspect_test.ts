import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { decodeImage } from "../../src/data/decode.ts";
import { writeOfficial } from "../data/official_layouts.ts";
import { writeSmallDataset } from "../data/pictures.ts";
import { crosswalk, inTemporaryFolder } from "./program.ts";

Deno.test("inspect --json prints one object, or an array for several folders, and draws a sheet", () =>
  inTemporaryFolder(async (folder) => {
    const [city, own, sheet] = [join(folder, "city"), join(folder, "own"), join(folder, "sheets/sheet.png")];
    writeOfficial("cityscapes", city);
    writeSmallDataset(own, 3);
    const one = await crosswalk("inspect", own, "--json");
    assertEquals(one.code, 0, one.stderr);
    assertEquals(JSON.parse(one.stdout), {
      layout: "folders",
      splits: { train: { images: 3, labelled: 3, sizes: { "6x8": 3 } } },
      classes: ["road", "car", "sky"],
      histogram: { road: 48, car: 48, sky: 48 },
      ignored: 0,
      problems: [],
    });
    const several = await crosswalk("inspect", city, join(folder, "none"), own, "--json", "--sheet", sheet);
    assertEquals(several.code, 1);
    assertStringIncludes(several.stderr, `Cannot open the data set ${join(folder, "none")}: there is no such folder`);
    const reports: { layout: string }[] = JSON.parse(several.stdout);
    assertEquals(reports.map(({ layout }) => layout), ["cityscapes", "folders"]);
    const drawn = await decodeImage(Deno.readFileSync(sheet), sheet);
    assertEquals(drawn.width, 1000);
    const wrong = await crosswalk("inspect", city, "--layout", "gta5");
    assertEquals(wrong.code, 1);
    assertStringIncludes(wrong.stderr, "has not the layout gta5. It looks like cityscapes");
  }));

Deno.test("inspect without --json prints tables; without a folder it asks for one", () =>
  inTemporaryFolder(async (folder) => {
    writeOfficial("acdc", folder);
    const { code, stdout } = await crosswalk("inspect", folder);
    assertEquals(code, 0);
    for (const text of ["layout acdc, 19 classes", "train_ref        4         0  16x32 (4)", "no problems"]) {
      assertStringIncludes(stdout, text);
    }
    const none = await crosswalk("inspect");
    assertEquals(none.code, 2);
    assertStringIncludes(none.stderr, "Give the folder of a data set");
  }));
