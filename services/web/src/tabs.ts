import { Boxes, Crown, Download, ListChecks, type LucideIcon, PackageOpen } from 'lucide-react';
import { type ComponentType, lazy } from 'react';
import { ModelsPage } from './models/models-page';
import type { Tab } from './state/route';

/** The page of each tab. Only the first is loaded with the page; the others come when they are opened. */
export const TAB_PAGES: Readonly<Record<Tab, ComponentType>> = {
  models: ModelsPage,
  export: lazy(async () => ({ default: (await import('./exporting/export-page')).ExportPage })),
  downloads: lazy(async () => ({ default: (await import('./downloads/downloads-page')).DownloadsPage })),
  jobs: lazy(async () => ({ default: (await import('./jobs/jobs-page')).JobsPage })),
  board: lazy(async () => ({ default: (await import('./board/board-page')).BoardPage })),
};

/** What each tab is called. */
export const TAB_LABELS: Readonly<Record<Tab, string>> = {
  models: 'Models',
  export: 'Export',
  downloads: 'Downloads',
  jobs: 'Jobs',
  board: 'Board',
};

/** The picture of each tab. */
export const TAB_ICONS: Readonly<Record<Tab, LucideIcon>> = {
  models: Boxes,
  export: PackageOpen,
  downloads: Download,
  jobs: ListChecks,
  board: Crown,
};
