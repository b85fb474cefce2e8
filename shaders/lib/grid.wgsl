// The index of an invocation in the whole launch. The host wants one long row of workgroups. But one dimension takes
// at most 65,535 of them, so the host folds a longer row into x and y. The last invocations may have no item left: a
// kernel returns where the index is not below the number of items.
fn gridIndex(workgroup: vec3u, workgroups: vec3u, localIndex: u32, workgroupSize: u32) -> u32 {
  return (workgroup.y * workgroups.x + workgroup.x) * workgroupSize + localIndex;
}
