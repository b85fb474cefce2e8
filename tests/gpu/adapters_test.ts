import { assertEquals, assertRejects } from "@std/assert";
import { ReasonedError } from "../../src/errors.ts";
import { findAdapter, listAdapters } from "../../src/gpu/adapters.ts";
import { Gpu } from "../../src/gpu/gpu.ts";

/** A machine with two GPUs and a software adapter, by what each request gives. */
const machine = {
  requestAdapter: ({ powerPreference, forceFallbackAdapter = false }: GPURequestAdapterOptions = {}) => {
    const description = forceFallbackAdapter ? "" : powerPreference === "low-power" ? "Small GPU" : "Large GPU 2";
    const info = { vendor: "vendor", architecture: "cpu", device: "0", description };
    return Promise.resolve({ info: { ...info, isFallbackAdapter: forceFallbackAdapter } } as GPUAdapter);
  },
};

Deno.test("listAdapters() has each adapter once, the default first", async () => {
  const names = async (gpu: typeof machine) => (await listAdapters(gpu)).map(({ number, name }) => `${number} ${name}`);
  assertEquals(await names(machine), ["1 Large GPU 2", "2 Small GPU", "3 vendor cpu"]);
  assertEquals(await names({ requestAdapter: () => machine.requestAdapter({}) }), ["1 Large GPU 2"]);
});

Deno.test("findAdapter() goes by the number, else by a part of the name", async () => {
  const description = async (text: string) => (await findAdapter(text, machine))?.info.description;
  assertEquals(await description("2"), "Small GPU");
  assertEquals(await description("small"), "Small GPU");
  assertEquals(await description("GPU"), "Large GPU 2", "the first");
  assertEquals(await description("vendor cpu"), "");
  await assertRejects(
    () => findAdapter("4", machine),
    ReasonedError,
    'There is no adapter "4". This machine has: 1 Large GPU 2, 2 Small GPU, 3 vendor cpu',
  );
  assertEquals(await findAdapter("1", { requestAdapter: () => Promise.resolve(null) }), null);
});

Deno.test("Gpu.open() opens the adapter that is called for", async () => {
  const [first] = await listAdapters();
  if (first === undefined) throw new Error("There is no adapter");
  const kind = () => ({ software: true });
  for (const adapter of ["1", first.name.slice(1, 6).toUpperCase()]) {
    using gpu = await Gpu.open({ adapter, kind });
    assertEquals(gpu.info.description, first.adapter.info.description, adapter);
  }
  await assertRejects(
    () => Gpu.open({ adapter: "no such GPU", kind }),
    ReasonedError,
    `This machine has: 1 ${first.name}`,
  );
});
