from ascension_core.platform.tracking import local_store, tracking_uri


def test_runs_are_kept_in_the_nearest_folder_above(tmp_path, monkeypatch):
    (tmp_path / "mlruns").mkdir()
    (tmp_path / "notebooks" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "notebooks" / "deep")
    assert local_store() == tmp_path / "mlruns"
    (tmp_path / "notebooks" / "mlruns").mkdir()
    assert local_store() == tmp_path / "notebooks" / "mlruns"


def test_where_there_is_none_it_is_made_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert tracking_uri() == f"sqlite:///{tmp_path / 'mlruns' / 'mlflow.db'}"
    assert (tmp_path / "mlruns").is_dir()
