// The few drawings of the page.

const LINE = {
  viewBox: '0 0 24 24',
  fill: 'none',
  stroke: 'currentColor',
  strokeWidth: 1.7,
  strokeLinecap: 'round',
  strokeLinejoin: 'round',
  'aria-hidden': true,
};

export const Logo = () => (
  <svg className="bar-logo" viewBox="0 0 32 32" aria-hidden="true">
    <path className="bar-logo-shape" d="M16 3a13 13 0 0 0-11 19.9L3.5 28.5l5.8-1.4A13 13 0 1 0 16 3z" />
    <path className="bar-logo-letter" d="M10 12.5l2.8 8L16 13.5l3.2 7 2.8-8" />
  </svg>
);

export const Sun = () => (
  <svg {...LINE}>
    <circle cx="12" cy="12" r="4.2" />
    <path d="M12 2.5v2.2M12 19.3v2.2M2.5 12h2.2M19.3 12h2.2M5.3 5.3l1.5 1.5M17.2 17.2l1.5 1.5M5.3 18.7l1.5-1.5M17.2 6.8l1.5-1.5" />
  </svg>
);

export const Moon = () => (
  <svg {...LINE}>
    <path d="M20 14.5A8.3 8.3 0 0 1 9.5 4 8.3 8.3 0 1 0 20 14.5z" />
  </svg>
);

export const Bulb = () => (
  <svg {...LINE}>
    <path d="M9.5 20.5h5M9.7 17.5h4.6M12 3.5a6 6 0 0 0-3.7 10.7c.9.7 1.4 1.7 1.4 2.8v.5h4.6V17c0-1.1.5-2.1 1.4-2.8A6 6 0 0 0 12 3.5z" />
  </svg>
);

export const Pulse = () => (
  <svg {...LINE}>
    <path d="M2.5 12h4.3l2.7-7.5 4.8 15 2.9-7.5h4.3" />
  </svg>
);
