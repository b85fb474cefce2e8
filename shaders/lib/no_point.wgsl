// What a pixel without a point holds instead of the number of its point, and a point without a pixel instead of its
// pixel. More than any of them.
const NO_POINT = 0xffffffffu;
