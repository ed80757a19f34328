/** One outline set, drawn for this house on a grid of 24; each name is the path of its strokes. */
export const ICONS = {
  walk: 'M13 4.5a1 1 0 1 0-2 0 1 1 0 0 0 2 0ZM9 21l2-6-2.5-3L10 8l3 1 2 3 3 1M10 8l-3 2v3M13 15l2 6',
  map: 'M9 4 3 6.5v13L9 17l6 3 6-2.5v-13L15 7 9 4Zm0 0v13m6-10v13',
  report: 'M12 3 2.5 20h19L12 3Zm0 7v5m0 2.2v.3',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Zm4.8 11.3L21 21',
  me: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM4 21c.6-4.2 3.8-6 8-6s7.4 1.8 8 6',
  back: 'M15 4 7 12l8 8',
  next: 'm9 5 7 7-7 7',
  phone: 'M6 3h3l1.5 5-2 1.5a12 12 0 0 0 6 6l1.5-2 5 1.5v3c0 1.5-1.5 3-3.5 2.8C9.5 20 4 14.5 3.2 6.5 3 4.5 4.5 3 6 3Z',
  upload: 'M12 16V4m-5 5 5-5 5 5M4 16v4h16v-4',
  camera: 'M4 8h3.5L9 5.5h6L16.5 8H20v11H4V8Zm8 2.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7Z',
  plus: 'M12 5v14M5 12h14',
  more: 'M5 12h.01M12 12h.01M19 12h.01M5 11.6v.8M12 11.6v.8M19 11.6v.8M4.6 12h.8M11.6 12h.8M18.6 12h.8',
  close: 'm6 6 12 12M18 6 6 18',
  done: 'm4.5 12.5 5 5 10-11',
  wait: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM12 7.5V12l3 2',
  place: 'M12 21c5-5.5 7-8.5 7-11.5A7 7 0 0 0 5 9.5C5 12.5 7 15.5 12 21Zm0-9a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z',
  edit: 'M4 20h4L19 9l-4-4L4 16v4Zm9-13 4 4',
  leave: 'M14 4H5v16h9M10 12h11m-4-4 4 4-4 4',
  home: 'M4 11 12 4l8 7v9h-5v-6H9v6H4v-9Z',
  paper: 'M6 3h8l4 4v14H6V3Zm8 0v4h4M9 12h6M9 16h6',
  house: 'M5 21V5l8-2v18M13 9h6v12M3 21h18M8 8h2M8 12h2M8 16h2M16 13h.5M16 17h.5',
} as const

export type IconName = keyof typeof ICONS
