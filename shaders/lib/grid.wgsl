// The index of an invocation, where the host asked for a row of workgroups. One dimension takes at most 65,535
// workgroups, so the host folds a longer row into x and y. The last workgroups may be too many: compare the result with
// the item count.
fn gridIndex(workgroup: vec3u, workgroups: vec3u, localIndex: u32, workgroupSize: u32) -> u32 {
  return (workgroup.y * workgroups.x + workgroup.x) * workgroupSize + localIndex;
}
