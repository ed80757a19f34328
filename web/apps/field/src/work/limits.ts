/** How much a report may carry (the service takes nine files). */
export const outboxPhotoLimit = 9
