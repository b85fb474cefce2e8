// The index of an invocation in a one-dimensional grid of workgroups that was folded into x and y, because one
// dimension takes at most 65,535 workgroups. The last row may be ragged: compare the result with the item count.
fn gridIndex(workgroup: vec3u, workgroups: vec3u, localIndex: u32, workgroupSize: u32) -> u32 {
  return (workgroup.y * workgroups.x + workgroup.x) * workgroupSize + localIndex;
}
