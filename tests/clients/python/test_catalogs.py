"""Catalogs: databases by name, and their tables in queries."""
import pytest


@pytest.fixture
def catalog(session):
    """A session with a catalog of one schema, two tables in it."""
    session.run("""
        createCatalog("trading")
        use catalog trading
        create database stock partitioned by VALUE(1..6), engine='OLAP'
        create table stock.quote(id INT, date DATE[comment="day"], price DOUBLE) partitioned by id
    """)
    session.run("""
        dbUrl = exec dbUrl from getSchemaByCatalog("trading") where schema = "stock"
        loadTable(dbUrl[0], "quote").append!(table(take(1..6, 12) as id, 2023.01.01..2023.01.12 as date, double(1..12) as price))
    """)
    yield session
    session.run("""
        paths = exec dbUrl from getSchemaByCatalog("trading")
        for(path in paths) { dropDatabase(path) }
        dropCatalog("trading")
    """)


def test_tables_are_named_by_catalog_and_schema(catalog):
    assert catalog.run("getCurrentCatalog()") == "trading"
    assert catalog.run("exec count(*) from stock.quote") == 12
    assert catalog.run("exec sum(price) from trading.stock.quote where id = 1") == 8
    assert catalog.run("exec sum(quote.price) from TRADING.Stock.quote where quote.id in 1 2") == 18
    assert list(catalog.run("trading.stock.quote").columns if hasattr(catalog.run("trading.stock.quote"), "columns")
                else catalog.run("select * from trading.stock.quote").columns) == ["id", "date", "price"]
    assert catalog.run("exec count(*) from trading.stock.quote as a inner join stock.quote as b on a.id = b.id") == 24
    assert list(catalog.run("schema(stock.quote)[`colDefs].name")) == ["id", "date", "price"]
    # Another session names the catalog.
    catalog.run('setDefaultCatalog("")')
    assert catalog.run("isNull(getCurrentCatalog())")
    assert catalog.run("exec count(*) from trading.stock.quote") == 12
    with pytest.raises(RuntimeError, match="stock"):
        catalog.run("select * from stock.quote")


def test_rows_are_changed_by_those_names(catalog):
    catalog.run("update stock.quote set price = -1.0 where id = 2")
    assert list(catalog.run("exec price from stock.quote where id = 2")) == [-1, -1]
    catalog.run("delete from trading.stock.quote where id = 3")
    assert catalog.run("exec count(*) from stock.quote") == 10
    catalog.run("insert into stock.quote values (3, 2023.02.01, 5.5)")
    assert catalog.run("exec last(price) from stock.quote where id = 3") == 5.5
    catalog.run("stock.quote.append!(table(4 as id, 2023.02.02 as date, 6.5 as price))")
    assert catalog.run("exec max(date) from stock.quote where id = 4").astype("datetime64[D]").item().day == 2
    catalog.run("alter table stock.quote add volume LONG")
    assert "volume" in catalog.run("select top 1 * from stock.quote").columns


def test_a_variable_goes_before_a_schema(catalog):
    assert catalog.run('stock = dict(["quote"], [7]); stock.quote') == 7
    catalog.run("undef(`stock)")
    assert catalog.run("exec count(*) from stock.quote") == 12


def test_what_is_named_is_dropped(catalog):
    catalog.run("drop table stock.quote")
    assert not catalog.run('existsTable((exec dbUrl from getSchemaByCatalog("trading"))[0], "quote")')
    catalog.run("drop table if exists stock.none")
    with pytest.raises(RuntimeError, match="has a schema stock already"):
        catalog.run("create database stock partitioned by VALUE(1..6)")
    catalog.run("create database if not exists trading.stock partitioned by VALUE(1..6)")
    catalog.run("drop database trading.stock")
    assert len(catalog.run('getSchemaByCatalog("trading")')) == 0
    with pytest.raises(RuntimeError, match="has no schema stock"):
        catalog.run("drop database stock")
    catalog.run("drop database if exists stock")


def test_schemas_and_catalogs_get_other_names(catalog):
    catalog.run('database("dfs://named", VALUE, 1..3); createSchema("trading", "dfs://named", "other")')
    catalog.run('renameSchema("trading", "other", "named"); renameCatalog("trading", "market")')
    assert list(catalog.run("getAllCatalogs()")) == ["market"]
    assert list(catalog.run('exec schema from getSchemaByCatalog("market")')) == ["named", "stock"]
    assert not catalog.run('existsCatalog("trading")')
    assert catalog.run("exec count(*) from market.stock.quote") == 12
    catalog.run('dropSchema("market", "named")')
    assert catalog.run('existsDatabase("dfs://named")')
    catalog.run('dropDatabase("dfs://named"); renameCatalog("market", "trading")')


def test_mistakes_are_told(catalog):
    for script, message in [('createCatalog("trading")', "exists already"), ('createCatalog("a b")', "begins with a letter"),
                            ('dropCatalog("none")', "doesn't exist"), ("use catalog none", "doesn't exist"),
                            ('createSchema("trading", "dfs://none", "x")', "does not exist"),
                            ("select * from none.stock.quote", "none"), ("select * from trading.none.quote", "has no schema none"),
                            ("select * from trading.stock.none", "none")]:
        with pytest.raises(RuntimeError, match=message):
            catalog.run(script)


def test_rights_on_a_catalog_are_rights_on_its_databases(catalog, connect):
    catalog.run('createUser("cat", "secret1")')
    try:
        cat = connect("cat", "secret1")
        with pytest.raises(RuntimeError, match="NoPrivilege"):
            cat.run("select * from trading.stock.quote")
        with pytest.raises(RuntimeError, match="NoPrivilege"):
            cat.run('createCatalog("mine")')
        catalog.run('grant("cat", CATALOG_READ, "trading")')
        fresh = connect("cat", "secret1")
        wait_for(lambda: fresh.run("exec count(*) from trading.stock.quote") == 12)
        with pytest.raises(RuntimeError, match="NoPrivilege"):
            fresh.run("insert into trading.stock.quote values (3, 2023.02.01, 5.5)")
        catalog.run('grant("cat", SCHEMA_INSERT, "trading.stock")')
        wait_for(lambda: fresh.run("insert into trading.stock.quote values (3, 2023.02.01, 5.5)") or True)
    finally:
        catalog.run('deleteUser("cat")')


def wait_for(holds, seconds=30):
    """Rights may be some seconds old."""
    import time
    end = time.monotonic() + seconds
    while True:
        try:
            assert holds()
            return
        except RuntimeError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
