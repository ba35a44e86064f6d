(() => {
  const every = 2000;
  const selects = () => {
    const selection = document.getSelection();
    return selection !== null && !selection.isCollapsed;
  };
  const renew = async () => {
    const answer = await fetch(location.href, { cache: 'no-store', credentials: 'same-origin', headers: { Accept: 'text/html' } });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const next = page.querySelector('main');
    if (!answer.ok || next === null) throw new Error('HTTP ' + answer.status);
    for (const open of document.querySelectorAll('details[open]')) {
      next.querySelector('#' + open.id)?.setAttribute('open', '');
    }
    const focused = document.activeElement?.closest('details')?.id;
    document.querySelector('main').replaceWith(next);
    document.title = page.title;
    if (focused) document.querySelector('#' + focused + ' > summary')?.focus({ preventScroll: true });
  };
  const again = async () => {
    if (!document.hidden && !selects()) {
      const stale = document.querySelector('#stale');
      try {
        await renew();
        stale.hidden = true;
      } catch (failure) {
        stale.hidden = false;
      }
    }
    setTimeout(again, every);
  };
  setTimeout(again, every);
})();
