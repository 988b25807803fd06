package dev.reseal.emulator;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Mrenclave;
import dev.reseal.sgx.SecInfo;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The EPC of one machine and the driver's allocator over it: pages with types and owners, reclaim
 * to the backing store, and a count of what that cost. Every method holds the machine's one lock.
 */
final class Epc {
  private final Knobs knobs;
  private final Paging paging = new Paging();
  private final Deque<EpcPage> free = new ArrayDeque<>();
  private final List<EpcPage> leaked = new ArrayList<>();
  private final List<EpcPage> elsewhere = new ArrayList<>();

  /** Pages that can be reclaimed, least recently used first. */
  private final Map<Paging.Place, EpcPage> reclaimable = new LinkedHashMap<>(16, 0.75f, true);

  private final Map<Long, List<EpcPage>> pinned = new HashMap<>();
  private final List<Long> orphans = new ArrayList<>();
  private long cost;
  private int leaksDue;
  private int residueDue;

  Epc(Knobs knobs) {
    this.knobs = knobs;
    for (int i = 0; i < knobs.epcPages(); i++) {
      free.add(new EpcPage());
    }
  }

  /** How a page is reached. */
  enum Access {
    READ(SecInfo.R),
    WRITE(SecInfo.W);

    private final long permission;

    Access(long permission) {
      this.permission = permission;
    }
  }

  /** A SECS or version array page of an enclave: never reclaimed while it lives. */
  synchronized void pin(long enclave, SecInfo secInfo) throws DriverException {
    EpcPage page = allocate();
    page.assign(new EpcPage.Entry(enclave, -1, secInfo), new byte[0]);
    pinned.computeIfAbsent(enclave, _ -> new ArrayList<>()).add(page);
  }

  /** EADD. */
  synchronized void add(long enclave, long offset, SecInfo secInfo, Bytes content)
      throws DriverException {
    Paging.Place place = new Paging.Place(enclave, offset);
    if (reclaimable.containsKey(place) || paging.holds(place)) {
      throw new DriverException(Errno.EBUSY, "page at offset " + offset + " was added before");
    }
    EpcPage page = allocate();
    page.assign(new EpcPage.Entry(enclave, offset, secInfo), content.toArray());
    reclaimable.put(place, page);
    cost += Knobs.COST_ADD;
  }

  synchronized void spent(long units) {
    cost += units;
  }

  /** Bytes of one page as the enclave that owns it reads them. */
  synchronized Bytes read(long enclave, long offset, int size) throws EnclaveFault {
    EpcPage page = reach(enclave, offset, size, Access.READ);
    return Bytes.of(page.content()).slice((int) (offset % Mrenclave.PAGE), size);
  }

  synchronized void write(long enclave, long offset, Bytes content) throws EnclaveFault {
    EpcPage page = reach(enclave, offset, content.size(), Access.WRITE);
    content.buffer().get(page.content(), (int) (offset % Mrenclave.PAGE), content.size());
  }

  private EpcPage reach(long enclave, long offset, int size, Access access) throws EnclaveFault {
    long start = offset - offset % Mrenclave.PAGE;
    if (size < 0 || offset < 0 || offset + size > start + Mrenclave.PAGE) {
      throw new EnclaveFault("access of " + size + " bytes at " + offset + " crosses a page");
    }
    EpcPage page = resident(new Paging.Place(enclave, start));
    SecInfo secInfo = page.entry().secInfo();
    if (secInfo.pageType() != SecInfo.TYPE_REG || (secInfo.flags() & access.permission) == 0) {
      throw new EnclaveFault("page at " + start + " is " + secInfo + ", asked for " + access);
    }
    return page;
  }

  private EpcPage resident(Paging.Place place) throws EnclaveFault {
    EpcPage page = reclaimable.get(place);
    if (page != null) {
      return page;
    }
    if (!paging.holds(place)) {
      throw new EnclaveFault("no page at offset " + place.offset());
    }
    EpcPage.Entry entry = paging.entry(place);
    EpcPage target;
    try {
      target = allocate();
    } catch (DriverException full) {
      throw new EnclaveFault("page at " + place.offset() + " cannot be loaded: " + full.errno());
    }
    cost += Knobs.COST_LOAD;
    Optional<Bytes> content = paging.load(place);
    if (content.isEmpty()) {
      free.add(target);
      throw new EnclaveFault("ELDU: page at " + place.offset() + " fails its MAC or version");
    }
    target.assign(entry, content.get().toArray());
    reclaimable.put(place, target);
    return target;
  }

  private EpcPage allocate() throws DriverException {
    for (int tries = 0; tries <= knobs.patience(); tries++) {
      EpcPage page = free.poll();
      if (page != null) {
        reclaimToHighWater();
        return page;
      }
      if (reclaimable.isEmpty() || knobs.backingPages() == 0) {
        throw new DriverException(Errno.ENOMEM, "no free EPC page and none to reclaim");
      }
      reclaim(knobs.batch());
    }
    throw new DriverException(
        Errno.ERESTARTSYS, "the backing store is full; the kernel would wait for a signal");
  }

  /** What ksgxd does in the background, done at once so that a run can be repeated. */
  private void reclaimToHighWater() {
    if (free.size() < knobs.lowWater()) {
      int before = -1;
      while (free.size() < knobs.highWater() && free.size() != before) {
        before = free.size();
        reclaim(knobs.batch());
      }
    }
  }

  private void reclaim(int pages) {
    Iterator<Map.Entry<Paging.Place, EpcPage>> oldest = reclaimable.entrySet().iterator();
    for (int i = 0; i < pages && oldest.hasNext(); i++) {
      if (paging.stored() >= knobs.backingPages()) {
        return;
      }
      EpcPage page = oldest.next().getValue();
      oldest.remove();
      paging.evict(page);
      page.release(true);
      free.add(page);
      cost += Knobs.COST_EVICT;
    }
  }

  /** EREMOVE of everything an enclave has, children before the SECS. */
  synchronized void remove(long enclave) {
    Iterator<Map.Entry<Paging.Place, EpcPage>> all = reclaimable.entrySet().iterator();
    while (all.hasNext()) {
      Map.Entry<Paging.Place, EpcPage> each = all.next();
      if (each.getKey().enclave() == enclave) {
        all.remove();
        eremove(each.getValue());
      }
    }
    paging.forgetAll(enclave);
    List<EpcPage> own = pinned.remove(enclave);
    if (own != null) {
      own.forEach(this::eremove);
    }
  }

  private void eremove(EpcPage page) {
    if (leaksDue > 0) {
      leaksDue--;
      leaked.add(page);
      return;
    }
    boolean erase = residueDue <= 0;
    if (!erase) {
      residueDue--;
    }
    page.release(erase);
    free.add(page);
  }

  /** The next EREMOVEs fail. */
  synchronized void leak(int pages) {
    leaksDue += pages;
  }

  /** The next EREMOVEs leave the content, as a broken adapter does. */
  synchronized void keepResidue(int pages) {
    residueDue += pages;
  }

  /** Another workload takes pages, as far as there are free ones. */
  synchronized void takeElsewhere(int pages) {
    for (int i = 0; i < pages && !free.isEmpty(); i++) {
      elsewhere.add(free.remove());
    }
  }

  /** Nobody here has the enclave any more, but a forked child does. */
  synchronized void orphan(long enclave) {
    orphans.add(enclave);
  }

  /** The forked children end. */
  synchronized void removeOrphans() {
    List<Long> all = List.copyOf(orphans);
    orphans.clear();
    all.forEach(this::remove);
  }

  /** The other workload ends. */
  synchronized void otherWorkloadEnds() {
    free.addAll(elsewhere);
    elsewhere.clear();
  }

  synchronized int freePages() {
    return free.size();
  }

  synchronized int leakedPages() {
    return leaked.size();
  }

  synchronized int residentPages(long enclave) {
    return (int) reclaimable.keySet().stream().filter(place -> place.enclave() == enclave).count();
  }

  /** Work done so far, in the units of {@link Knobs}. */
  synchronized long cost() {
    return cost;
  }

  /** The untrusted side of paging, for attacks on it. */
  Paging paging() {
    return paging;
  }
}
